# ping(8) over IPv6.
run 'ping -6 -c 3 -i 0.2 ::1'
says 'all come back' '3 packets transmitted, 3 received, 0% packet loss'
says 'with the hop limit of lo' '64 bytes from ::1: icmp_seq=3 (ttl|hlim)=64 time='
run 'ping -c 1 -s 20000 ::1'
says 'large ones' '20008 bytes from ::1'
run 'ping -6 -c 1 -W 3 $(ip -6 -o addr show dev eth0 scope link | sed "s/.*inet6 \([^/]*\).*/\1/")%eth0'
says 'a link-local address with its zone' '1 packets transmitted, 1 received'
run 'ping -6 -c 1 -W 3 localhost'
says 'a name' 'bytes from (localhost|ip6-localhost)?.*::1'
run 'ping -6 -c 1 -W 1 2001:db8::1'
left 'nobody there' 1
