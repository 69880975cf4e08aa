# tracepath(8): the error queue and path MTU discovery.
run 'tracepath -n 127.0.0.1'
says 'reached in one hop' '1: +127.0.0.1 .*reached'
says 'with the MTU of lo' 'Resume: pmtu 655[0-9]+ hops 1 back 1'
run 'tracepath -6 -n ::1'
says 'over IPv6' '1: +::1 .*reached'
