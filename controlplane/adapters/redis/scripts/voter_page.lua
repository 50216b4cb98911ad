-- ARGV: cursor, about how many. Returns state, incarnation, view, next cursor, name, record, name, record, ...
local state, _, n, view = standing()
local found = redis.call('HSCAN', KEYS[2], ARGV[1], 'COUNT', ARGV[2])
return {state, n, view, found[1], found[2]}
