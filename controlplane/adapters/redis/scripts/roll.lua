-- KEYS: head, members. The epoch, the members as name, line, name, line, ..., and the server's second, all of one moment.
-- (A pipeline would do on one server; a Cluster has no TIME in one.)
return {redis.call('HGET', KEYS[1], 'epoch') or '', redis.call('HGETALL', KEYS[2]), redis.call('TIME')[1]}
