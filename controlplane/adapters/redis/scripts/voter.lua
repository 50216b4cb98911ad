-- Put before the voter_*.lua scripts. KEYS of all of them: head, records, stones, in one slot.
-- The head belongs to one server process (run_id) while that is a primary, and counts the records. Where either does not
-- fit, this server is not the one that voted, or holds something else than it did (a snapshot, a restart, a promoted
-- replica, an evicted or deleted key), and the voter is lost until it has caught up.
-- A primary that became a replica and was promoted again is the same process with another's data: a promotion leaves the
-- replication id from before in master_replid2, which is all zeros otherwise (also where a primary without replicas draws
-- a new id): https://valkey.io/topics/replication/
local function server()
  local info = redis.call('INFO', 'server') .. redis.call('INFO', 'replication')
  local history = string.match(info, 'master_replid:(%x+)') or ''
  return {
    process = string.match(info, 'run_id:(%x+)') or history,
    history = history,
    promoted = not string.match(info, 'master_replid2:0+%s'),
    primary = string.match(info, 'role:(%a+)') == 'master',
  }
end

local function is_whole(head)
  local now = server()
  return head.state and now.primary and head.server == now.process
    and (head.history == now.history or not now.promoted)
    and tonumber(head.count) == redis.call('HLEN', KEYS[2])
end

local function standing()
  local flat = redis.call('HGETALL', KEYS[1])
  local head = {}
  for i = 1, #flat, 2 do head[flat[i]] = flat[i + 1] end
  if not is_whole(head) then return 'lost', head, '0', {} end
  local view = {}
  for name, n in pairs(head) do
    if string.sub(name, 1, 2) == 'v:' then
      view[#view + 1] = string.sub(name, 3)
      view[#view + 1] = n
    end
  end
  return head.state, head, head.n, view
end

local function microseconds()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1e6 + tonumber(time[2])
end

-- A record is `<V value, T removal or S settled removal> <hlc> <region> <writer>\n<payload>`.
local function stamp(raw)
  local kind, hlc, region, writer = string.match(string.sub(raw, 1, 1200), '^([VTS]) (%d+) (%S+) (%S+)\n')
  return kind, tonumber(hlc), region, writer
end

-- Whether text `a` is below `b`, byte by byte: the operator follows the server's locale.
local function below(a, b)
  for i = 1, math.min(#a, #b) do
    if string.byte(a, i) ~= string.byte(b, i) then return string.byte(a, i) < string.byte(b, i) end
  end
  return #a < #b
end

-- Keep `raw` under `name` if it is newer than what is there, or settles it; returns what is there otherwise.
local function take(name, raw, now, keep)
  local known = redis.call('HGET', KEYS[2], name)
  local kind, hlc, region, writer = stamp(raw)
  if known then
    local old, at, by, whose = stamp(known)
    if at > hlc or (at == hlc and (below(region, by) or (by == region and below(writer, whose)))) then return known end
    if at == hlc and by == region and whose == writer and (old == 'S' or kind ~= 'S') then return known end
  end
  if redis.call('HSET', KEYS[2], name, raw) == 1 then redis.call('HINCRBY', KEYS[1], 'count', 1) end
  if kind == 'S' then redis.call('ZADD', KEYS[3], string.format('%.0f', now + keep), name) end
  return nil
end

-- Forget a few settled removals whose time is over.
local function forget(now)
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', string.format('%.0f', now), 'LIMIT', 0, 8)) do
    redis.call('ZREM', KEYS[3], name)
    local known = redis.call('HGET', KEYS[2], name)
    if known and string.sub(known, 1, 1) == 'S' then
      redis.call('HDEL', KEYS[2], name)
      redis.call('HINCRBY', KEYS[1], 'count', -1)
    end
  end
end
