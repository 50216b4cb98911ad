-- KEYS: the lock. ARGV: token. Only its holder gives a lock back.
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
