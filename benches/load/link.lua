-- Every request posts the token of the next link in the file LINKS to BENCH_PATH, with the members MEMBERS
-- beside it. With ONCE set each link serves once, and running out of them ends the run. For one thread.
local headers = { ["Content-Type"] = "application/json", ["User-Agent"] = os.getenv("AGENT") }
local path, members, once = os.getenv("BENCH_PATH"), os.getenv("MEMBERS") or "", os.getenv("ONCE")
local links, turn = {}, 0
for link in io.lines(os.getenv("LINKS")) do links[#links + 1] = link end

function request()
    turn = turn + 1
    if turn > #links then
        if once then
            io.stderr:write("no more links\n")
            os.exit(1)
        end
        turn = 1
    end
    return wrk.format("POST", path, headers, '{"token":"' .. links[turn] .. '"' .. members .. "}")
end
