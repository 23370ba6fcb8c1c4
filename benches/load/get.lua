-- Every request asks for one of the filled-in invitations.
local headers, rows = { ["Authorization"] = "Bearer " .. os.getenv("TOKEN") }, tonumber(os.getenv("ROWS"))

function request()
    local id = string.format("inv_01k0000000e008%.0f", 100000000000 + math.random(1, rows))
    return wrk.format("GET", "/v1/invitations/" .. id, headers)
end
