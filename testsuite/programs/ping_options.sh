# ping(8) with IP options: the route recorded, time stamps.
run 'ping -c 1 -R 127.0.0.1'
says 'the route is recorded' 'RR:'
says 'there and back' '^.127.0.0.1$'
run 'ping -c 1 -T tsonly 127.0.0.1'
says 'times are' 'TS:'
