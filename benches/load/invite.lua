-- Every request invites another address. For one thread: the number is the thread's own.
local headers = { ["Authorization"] = "Bearer " .. os.getenv("TOKEN"), ["Content-Type"] = "application/json" }
local address, number = '{"email":"person.' .. os.getenv("RUN") .. ".", 0

function request()
    number = number + 1
    local body = address .. number .. '@example.com","roles":["customer_support","viewer"]}'
    return wrk.format("POST", "/v1/system-users/invitations", headers, body)
end
