# nc(1): TCP, UDP and UNIX, both ends.
start server 'nc -l 127.0.0.1 7030'
listening 7030
run 'echo over tcp | nc -N -w 3 127.0.0.1 7030'
left 'the client ends well' 0
run 'cat /tmp/server.log'
says 'TCP' '^over tcp$'
start server 'nc -6 -l ::1 7031'
listening 7031
run 'echo over tcp six | nc -N -w 3 ::1 7031'
run 'cat /tmp/server.log'
says 'TCP over IPv6' '^over tcp six$'
start server 'nc -u -l 127.0.0.1 7032'
until_true 'ss -Huan sport = :7032 | grep -q 7032'
run 'echo over udp | nc -u -w 1 127.0.0.1 7032'
run 'cat /tmp/server.log'
says 'UDP' '^over udp$'
start server 'nc -l -U /tmp/nc.sock'
until_true 'test -S /tmp/nc.sock'
run 'echo over unix | nc -N -w 3 -U /tmp/nc.sock'
run 'cat /tmp/server.log'
says 'UNIX' '^over unix$'
run 'nc -z -v -w 3 127.0.0.1 7033'
left 'nobody listens' 1
says 'and that is told' 'Connection refused'
start server 'nc -k -l 127.0.0.1 7034'
listening 7034
run 'nc -z -v -w 3 127.0.0.1 7034'
says 'somebody does' 'succeeded'
start server 'nc -l 127.0.0.1 7035 | md5sum'
listening 7035
run 'head -c 3000000 /dev/zero | nc -N 127.0.0.1 7035; sleep 0.5; cat /tmp/server.log'
says 'three million bytes arrive as they were' "$(head -c 3000000 /dev/zero | md5sum | cut -c 1-32)"
