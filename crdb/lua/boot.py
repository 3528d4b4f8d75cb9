"""What runs in Lua before any script does: the sandbox, and the functions that scripts call.

Rules
- A script sees the names of `NAMES`, its KEYS and ARGV, and nothing it could change for the next.
- Nothing that reads a clock, a file or the memory; `math.random` starts anew with every script.
- No value of Python is reachable: its functions stand behind functions of Lua, and they return
  what went wrong instead of raising it.
- Every thousand instructions a hook counts, in coroutines too. Beyond the limit it raises an error
  at each further instruction of a script, so that no `pcall` can hold it up.
- An error says where in the script it arose, except after ``return redis.call(…)``: Lua forgets the
  caller of what is called last.

The string is one chunk. It gets functions of Python and returns functions for Python to call.
"""

BOOT = rb"""
local python, limit, step = ...
local error, select, type, unpack, xpcall, setfenv = error, select, type, unpack, xpcall, setfenv
local setmetatable, rawset, loadstring, tostring = setmetatable, rawset, loadstring, tostring
local getinfo, sethook, pcall = debug.getinfo, debug.sethook, pcall

-- Endless loops --------------------------------------------------------------------------------

local used = 0

local function count()
  used = used + step
  if used > limit then
    sethook(count, "", 1)
    if getinfo(2, "S").source:sub(1, 6) ~= "@user_" then return end
    error("BUSY the script was stopped after " .. limit .. " instructions", 0)
  end
end

local function counted(thread)
  sethook(thread, count, "", used > limit and 1 or step)
  return thread
end

-- Tables that cannot be changed ----------------------------------------------------------------

local fixed = setmetatable({}, {__mode = "k"})

local function refuse()
  error("Attempt to modify a readonly table", 2)
end

local function readonly(values)
  local proxy = setmetatable({}, {__index = values, __newindex = refuse, __metatable = false})
  fixed[proxy] = true
  return proxy
end

-- Python's functions: they return whether it went well, and the value or the error --------------

local function guarded(name)
  local ask = python[name]
  return function(...)
    local ok, value = ask(...)
    if ok then return value end
    error(value, 2)
  end
end

local function here()
  local level, info = 2
  repeat
    level = level + 1
    info = getinfo(level, "Sl")
  until not info or info.source:sub(1, 6) == "@user_"
  return info
end

local function failure(text)
  local info = here()
  return {err = text, source = info and info.source, line = info and info.currentline}
end

local function reply(ok, value)
  if ok then return value end
  return failure(value)
end

local function pcall_command(...)
  return reply(python.call(...))
end

local function call_command(...)
  local value = reply(python.call(...))
  if type(value) == "table" and value.err then error(value, 0) end
  return value
end

local function one_string(...)
  if select("#", ...) ~= 1 or type((...)) ~= "string" then
    error(failure("ERR wrong number or type of arguments"), 0)
  end
  return (...)
end

local function raising(ask)
  return function(...)
    local ok, value = ask(...)
    if ok then return value end
    error(failure(value), 0)
  end
end

local shared = {
  LOG_DEBUG = 0, LOG_VERBOSE = 1, LOG_NOTICE = 2, LOG_WARNING = 3,
  REPL_NONE = 0, REPL_AOF = 1, REPL_SLAVE = 2, REPL_REPLICA = 2, REPL_ALL = 3,
  REDIS_VERSION = "7.4.0", REDIS_VERSION_NUM = 0x00070400,
  log = function() end,
  setresp = raising(python.setresp),
  sha1hex = raising(python.sha1hex),
  status_reply = function(...) return {ok = one_string(...)} end,
  error_reply = function(...)
    local text = one_string(...):gsub("^%-", "")
    return {err = text:find(" ") and text or "ERR " .. text}
  end,
}

local function with(more)
  local all = {}
  for _, part in ipairs {shared, more} do
    for name, value in pairs(part) do all[name] = value end
  end
  return all
end

local running = with {
  call = call_command, pcall = pcall_command,
  replicate_commands = function() return true end,
  set_repl = raising(python.set_repl),
}
local loading = with {
  register_function = function(...)
    local first, second = ...
    if select("#", ...) == 1 and type(first) ~= "table" then
      error(failure("ERR calling redis.register_function with a single argument is only "
        .. "applicable to Lua table (representing named arguments)."), 0)
    end
    local given = first
    if type(first) ~= "table" then given = {function_name = first, callback = second} end
    local ok, text = python.register(given)
    if not ok then error(failure(text), 0) end
  end,
}

-- What scripts see -----------------------------------------------------------------------------

local strings, numbers = {}, {}
for name, value in pairs(string) do strings[name] = value end
for name, value in pairs(math) do numbers[name] = value end
strings.dump = nil
numbers.random, numbers.randomseed = guarded("random"), guarded("seed")
getmetatable("").__index = strings
getmetatable("").__metatable = readonly {}

local null = newproxy()
local bits = {}
for name in pairs(python.bit) do
  local ask = python.bit[name]
  bits[name] = function(...)
    local ok, value = ask(...)
    if ok then return value end
    error(value, 2)
  end
end

local names = {
  assert = assert, error = error, getmetatable = getmetatable, ipairs = ipairs, next = next,
  pairs = pairs, pcall = pcall, rawequal = rawequal, rawget = rawget, select = select,
  setmetatable = setmetatable, tonumber = tonumber, type = type, unpack = unpack,
  _VERSION = _VERSION,
  -- Lua's own shows addresses, which are others in every run.
  tostring = function(...)
    local text = tostring(...)
    local kind = type((...))
    if text:match("^" .. kind .. ": ") and kind ~= "string" then return kind .. ": 0x00000000" end
    return text
  end,
  -- The real one would run the script's handler inside of the hook, where no hook counts.
  xpcall = function(body, handler)
    local got = {pcall(body)}
    if got[1] then return unpack(got) end
    return false, handler(got[2])
  end,
  rawset = function(target, key, value)
    if fixed[target] then error("Attempt to modify a readonly table", 2) end
    return rawset(target, key, value)
  end,
  string = readonly(strings), table = readonly(table), math = readonly(numbers),
  bit = readonly(bits),
  cjson = readonly {encode = guarded("encode"), decode = guarded("decode"), null = null},
  coroutine = readonly {
    create = function(body) return counted(coroutine.create(body)) end,
    wrap = function(body)
      local thread = counted(coroutine.create(body))
      return function(...)
        local got = {coroutine.resume(thread, ...)}
        if not got[1] then error(got[2], 0) end
        return unpack(got, 2)
      end
    end,
    resume = coroutine.resume, running = coroutine.running, status = coroutine.status,
    yield = coroutine.yield,
  },
}

local function environment(redis, own)
  local env = {}
  own._G, own.redis = env, redis
  own.loadstring = function(source)
    if type(source) == "string" and source:sub(1, 1) == "\27" then
      return nil, "no bytecode"
    end
    local chunk, text = loadstring(source, "@user_script")
    return chunk and setfenv(chunk, env), text
  end
  fixed[env] = true
  return setmetatable(env, {
    __index = function(_, name)
      local value = own[name]
      if value == nil then value = names[name] end
      if value == nil and name ~= "KEYS" and name ~= "ARGV" then
        error("Script attempted to access nonexistent global variable '"
          .. tostring(name) .. "'", 2)
      end
      return value
    end,
    __newindex = refuse,
    __metatable = false,
  })
end

-- What Python calls ----------------------------------------------------------------------------

local function explained(problem)
  if type(problem) ~= "table" then
    local text = tostring(problem)
    problem = failure(text:sub(1, 5) == "BUSY " and text or "ERR " .. text)
  elseif not problem.source then
    local info = here()
    problem = {err = problem.err, source = info and info.source, line = info and info.currentline}
  end
  return problem
end

local function run(body, ...)
  used = 0
  sethook(count, "", step)
  local words, number = {...}, select("#", ...)
  local ok, value = xpcall(function() return (body(unpack(words, 1, number))) end, explained)
  sethook()
  if ok then return true, value end
  if type(value) ~= "table" then return false, "ERR " .. tostring(value) end
  return false, value.err, value.source, value.line
end

local function compile(source, name)
  if source:sub(1, 1) == "\27" then return nil, "no bytecode" end
  return loadstring(source, name)
end

local run_script = function(chunk, keys, arguments)
  setfenv(chunk, environment(readonly(running), {KEYS = keys, ARGV = arguments}))
  return run(chunk)
end

local load_library = function(chunk)
  local api = {__index = loading, __newindex = refuse, __metatable = false}
  local redis = setmetatable({}, api)
  fixed[redis] = true
  setfenv(chunk, environment(redis, {}))
  local ok, text, source, line = run(chunk)
  api.__index = running
  return ok, text, source, line
end

return compile, run_script, load_library, run, null, rawget
"""
