-- KEYS: head, log, members, barriers. ARGV: fresh epoch, member, applied epoch, applied n (-1: joined, nothing applied),
-- seconds for which this member needs barriers (0: it does not say).
local seen = math.max(tonumber(ARGV[4]), 0)
local epoch, n, base, age = current(KEYS[1], KEYS[2], ARGV[1], seen, ARGV[3])
local oldest = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)
local first = 0
if oldest[1] then first = tonumber(string.match(oldest[1][1], '^%d+')) end
local time = redis.call('TIME')
redis.call('HSET', KEYS[3], ARGV[2], table.concat({ARGV[3], ARGV[4], string.format('%.3f', age)}, ' '))

-- Forget barriers that were last raised longer ago than any member ever asked for: about a hundred a second.
local known = redis.call('HMGET', KEYS[1], 'keep', 'swept', 'cursor')
local keep = math.max(tonumber(known[1] or '0'), tonumber(ARGV[5]))
if keep > tonumber(known[1] or '0') then redis.call('HSET', KEYS[1], 'keep', keep) end
if keep > 0 and age - tonumber(known[2] or '0') >= 1 then
  local found = redis.call('HSCAN', KEYS[4], known[3] or '0', 'COUNT', 100)
  for i = 1, #found[2], 2 do
    local raised = string.match(found[2][i + 1], '^%d+,%d+,(%d+)$')
    if raised and tonumber(raised) + keep < age then redis.call('HDEL', KEYS[4], found[2][i]) end
  end
  redis.call('HSET', KEYS[1], 'swept', string.format('%.6f', age), 'cursor', found[1])
end
return {epoch, n, base, first, time[1], time[2]}
