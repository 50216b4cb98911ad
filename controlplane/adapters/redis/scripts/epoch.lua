-- Put before purge.lua, beat.lua and restore.lua. The epoch belongs to one server process (run_id): a restart, an empty
-- server or a promoted replica begins a new one, because purges may have been lost. Numbers go on above everything known.
-- `of` is the epoch in which the caller has seen `seen`: a log that is behind it within its epoch was rolled back.
-- Returns epoch, newest n, base and the log's age: seconds that it has seen go by, at most 5 between two calls.
local function current(head, log, fresh, seen, of)
  local server = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
    or string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
  local known = redis.call('HMGET', head, 'epoch', 'n', 'base', 'server', 'age', 'at')
  local time = redis.call('TIME')
  local at = tonumber(time[1]) + tonumber(time[2]) / 1e6
  local age = tonumber(known[5] or '0') + math.min(math.max(at - tonumber(known[6] or at), 0), 5)
  redis.call('HSET', head, 'age', string.format('%.6f', age), 'at', string.format('%.6f', at))
  if known[1] and known[4] == server and not (known[1] == of and seen > tonumber(known[2])) then
    return known[1], tonumber(known[2]), tonumber(known[3]), age
  end
  local n = math.max(tonumber(known[2] or '0'), seen)
  local newest = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)
  if newest[1] then
    n = math.max(n, tonumber(string.match(newest[1][1], '^%d+')))
  end
  redis.call('HSET', head, 'epoch', fresh, 'n', n, 'base', n, 'server', server)
  return fresh, n, n, age
end
