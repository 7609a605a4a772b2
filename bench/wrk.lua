-- What wrk sends and prints: with a file as its argument, each request has the file's next line as its Authorization header.
function init(arguments)
  local path = arguments[1]
  if not path then return end
  local requests, last = {}, 0
  for line in io.lines(path) do
    wrk.headers.Authorization = line
    requests[#requests + 1] = wrk.format()
  end
  function request()
    last = last % #requests + 1
    return requests[last]
  end
end

-- One line of JSON; wrk's times are microseconds.
function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    '{"requests":%d,"microseconds":%d,"median":%d,"refused":%d,"broken":%d}',
    summary.requests,
    summary.duration,
    latency:percentile(50),
    errors.status,
    errors.connect + errors.read + errors.write + errors.timeout
  ))
end
