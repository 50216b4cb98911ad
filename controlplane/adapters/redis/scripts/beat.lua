-- KEYS: head, log, members. ARGV: fresh epoch, member, applied epoch, applied n (-1: joined, nothing applied).
local seen = math.max(tonumber(ARGV[4]), 0)
local epoch, n, base = current(KEYS[1], KEYS[2], ARGV[1], seen, ARGV[3])
local oldest = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)
local first = 0
if oldest[1] then first = tonumber(string.match(oldest[1][1], '^%d+')) end
local time = redis.call('TIME')
redis.call('HSET', KEYS[3], ARGV[2], table.concat({ARGV[3], ARGV[4], time[1]}, ' '))
return {epoch, n, base, first, time[1], time[2]}
