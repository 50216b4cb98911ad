-- ARGV: incarnation, begun, longest delivery, name, record, name, record, ... Returns state, incarnation, view, done.
local state, _, n, view = standing()
local now, keep = microseconds(), tonumber(ARGV[3])
if state ~= 'catching' or n ~= ARGV[1] or tonumber(ARGV[2]) + math.floor(keep / 2) < now then
  return {state, n, view, 0}
end
for i = 4, #ARGV, 2 do take(ARGV[i], ARGV[i + 1], now, keep) end
return {state, n, view, 1}
