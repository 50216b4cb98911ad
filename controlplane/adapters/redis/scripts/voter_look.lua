-- ARGV: name. Returns state, incarnation, view, '', the record.
local state, _, n, view = standing()
local raw = false
if state == 'voting' or state == 'catching' then raw = redis.call('HGET', KEYS[2], ARGV[1]) end
return {state, n, view, '', raw}
