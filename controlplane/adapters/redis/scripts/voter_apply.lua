-- ARGV: name, record, hlc, begun, longest delivery, how far a stamp may be ahead (all microseconds).
-- Returns state, incarnation, view, verdict ('taken', a refusal, or '' where the record that is there follows).
local state, _, n, view = standing()
if state ~= 'voting' and state ~= 'catching' then return {state, n, view, '', false} end
local now, keep = microseconds(), tonumber(ARGV[5])
if tonumber(ARGV[3]) > now + tonumber(ARGV[6]) then return {state, n, view, 'unsafe clock', false} end
if tonumber(ARGV[4]) + math.floor(keep / 2) < now then return {state, n, view, 'late', false} end
forget(now)
local known = take(ARGV[1], ARGV[2], now, keep)
if known then return {state, n, view, '', known} end
return {state, n, view, 'taken', false}
