-- ARGV: verb, n, region, token, then the view: region, n, region, n, ... Returns state, incarnation, view, done, token,
-- and INFO memory where the server may evict what has no TTL: then nothing was changed.
local state, head, own, view = standing()
local verb, n = ARGV[1], ARGV[2]
local done, token = 0, ''

if verb == 'found' or verb == 'begin' then
  local memory = redis.call('INFO', 'memory')
  if not string.find(memory, 'maxmemory_policy:[vn]') then return {state, own, view, 0, '', memory} end
end

local function learn(from)
  for i = from, #ARGV, 2 do
    local known = tonumber(redis.call('HGET', KEYS[1], 'v:' .. ARGV[i]) or '0')
    if tonumber(ARGV[i + 1]) > known then redis.call('HSET', KEYS[1], 'v:' .. ARGV[i], ARGV[i + 1]) end
  end
end

local function drawn(now)
  local fresh = string.format('%s-%.0f', now.process, microseconds())
  redis.call('HSET', KEYS[1], 'token', fresh)
  return fresh
end

if verb == 'found' then
  if not head.state and redis.call('EXISTS', KEYS[1], KEYS[2]) == 0 then
    local now = server()
    redis.call('HSET', KEYS[1], 'state', 'founding', 'n', 1, 'server', now.process, 'history', now.history, 'count', 0)
    token = drawn(now)
    learn(5)
    done = 1
  elseif state == 'founding' then
    token = head.token
  end
elseif verb == 'open' then
  if state == 'founding' and head.token == ARGV[4] then
    redis.call('HSET', KEYS[1], 'state', 'voting')
    done = 1
  end
elseif verb == 'register' then
  if state == 'voting' and tonumber(n) > tonumber(head['v:' .. ARGV[3]] or '0') then
    redis.call('HSET', KEYS[1], 'v:' .. ARGV[3], n)
    done = 1
  end
elseif verb == 'begin' then
  if tonumber(n) > tonumber(own) then
    if state ~= 'voting' and state ~= 'catching' then
      redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3])
      redis.call('HSET', KEYS[1], 'count', 0)
    end
    local now = server()
    redis.call('HSET', KEYS[1], 'state', 'catching', 'n', n, 'server', now.process, 'history', now.history)
    token = drawn(now)
    learn(5)
    done = 1
  end
elseif verb == 'finish' then
  if state == 'catching' and n == own and head.token == ARGV[4] then
    redis.call('HSET', KEYS[1], 'state', 'voting')
    learn(5)
    done = 1
  end
end
state, head, own, view = standing()
return {state, own, view, done, token}
