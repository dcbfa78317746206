"""The circuit breaker's three moves, each one atomic step in Redis, on Redis's own clock.

A breaker is a hash: `failures` in a row and `failed_at` while it is closed; `open_until` (milliseconds), `opens`
in a row, `opened_at`, `reason` and `trial_until` while it is open. A breaker without `open_until` is closed.
"""

_NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local open_until = tonumber(redis.call('HGET', KEYS[1], 'open_until') or '0')
"""

# ARGV: trial_ms. Returns 'closed', 'trial' for the one call that may find out, or the milliseconds left to wait.
ADMIT = (
    _NOW
    + """
if open_until == 0 then return 'closed' end
if now < open_until then return tostring(open_until - now) end
local trial_until = tonumber(redis.call('HGET', KEYS[1], 'trial_until') or '0')
if now < trial_until then return tostring(trial_until - now) end
redis.call('HSET', KEYS[1], 'trial_until', now + tonumber(ARGV[1]))
return 'trial'
"""
)

# ARGV: reason, is_trial, threshold, window_ms, open_ms, longest_open_ms, asked_ms. Returns for how long it is open
# because of this failure, or 0. A call that was let through before the breaker opened says nothing new.
FAILED = (
    _NOW
    + """
local is_trial = ARGV[2] == '1'
if open_until > 0 and not is_trial then return 0 end
local failures = tonumber(redis.call('HGET', KEYS[1], 'failures') or '0')
local failed_at = tonumber(redis.call('HGET', KEYS[1], 'failed_at') or '0')
if now - failed_at > tonumber(ARGV[4]) then failures = 0 end
failures = failures + 1
local asked = tonumber(ARGV[7])
redis.call('HSET', KEYS[1], 'failures', failures, 'failed_at', now, 'reason', ARGV[1])
if not is_trial and asked == 0 and failures < tonumber(ARGV[3]) then return 0 end
local opens = tonumber(redis.call('HGET', KEYS[1], 'opens') or '0')
local span = math.max(tonumber(ARGV[5]) * 2 ^ opens, asked)
span = math.min(span, math.max(tonumber(ARGV[6]), asked))
if opens == 0 then redis.call('HSET', KEYS[1], 'opened_at', now) end
redis.call('HSET', KEYS[1], 'open_until', now + span, 'opens', opens + 1, 'trial_until', 0)
return span
"""
)

# ARGV: is_trial. Returns 1 if this success closed the breaker.
SUCCEEDED = (
    _NOW
    + """
if open_until > 0 and ARGV[1] ~= '1' then return 0 end
redis.call('DEL', KEYS[1])
return open_until > 0 and 1 or 0
"""
)

# Returns the hash as a flat list with the clock in front.
STATE = (
    _NOW
    + """
local found = redis.call('HGETALL', KEYS[1])
table.insert(found, 1, tostring(now))
return found
"""
)
