-- KEYS: head, members. The epoch, the members as name, line, name, line, ..., and the log's age, all of one moment.
local known = redis.call('HMGET', KEYS[1], 'epoch', 'age')
return {known[1] or '', redis.call('HGETALL', KEYS[2]), known[2] or '0'}
