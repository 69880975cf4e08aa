# Two cards that lead to the host by networks of their own: addresses, routes, and sockets that are bound to one.
# ip-route(8), SO_BINDTODEVICE of socket(7), curl(1) --interface.
run 'ip -br link'
says 'the first card' '^eth0 .*52:54:00:12:34:56'
says 'the second' '^eth1 .*52:54:00:12:34:57'
run 'ip addr add 10.0.3.15/24 dev eth1'
run 'ip link set eth1 up'
left 'the second card is up' 0
run 'ip -br addr show eth1'
says 'its address' '^eth1 +UP +10.0.3.15/24'
run 'ip route'
says 'the way to its network' '^10.0.3.0/24 dev eth1 .*src 10.0.3.15'
run 'ip route get 10.0.3.2'
says 'is by the second card' 'dev eth1 src 10.0.3.15'
run 'ping -c 2 -i 0.2 -W 5 10.0.3.2'
says 'the host answers there' ' 2 received'
run 'ping -c 2 -i 0.2 -W 5 10.0.2.2'
says 'and by the first card' ' 2 received'
run 'ip neigh'
says 'a neighbour on each' '^10.0.3.2 dev eth1 '
url=:{web}/hello
run "curl -sS http://10.0.3.2$url"
says 'TCP by the second card' '^hello from the host$'
run 'cat /sys/class/net/eth1/address'
says 'what the kernel says of it' '^52:54:00:12:34:57'
# The same place by either card: metrics, then a socket's own choice.
run 'ip route add 192.0.2.1 via 10.0.3.2 metric 10'
run 'ip route add 192.0.2.1 via 10.0.2.2 metric 20'
run 'ip route get 192.0.2.1'
says 'the smaller metric' 'via 10.0.3.2 dev eth1 src 10.0.3.15'
run 'ip route get 192.0.2.1 oif eth0'
says 'a card that was asked for' 'via 10.0.2.2 dev eth0 src 10.0.2.15'
run 'ip link set eth1 down'
run 'ip route get 192.0.2.1'
says 'without its card a route is gone' 'via 10.0.2.2 dev eth0'
run 'ip link set eth1 up'
run "curl -sS --interface eth1 http://10.0.3.2$url"
says 'bound to the card that leads there' '^hello from the host$'
run "curl -sS -m 3 --interface eth1 http://10.0.2.2$url"
lacks 'bound to the other: eth1 has no neighbour of that name' 'hello'
run "curl -sS --interface eth0 http://10.0.2.2$url"
says 'the first card' '^hello from the host$'
# Rules by source: what comes from a card's address leaves by it.
run 'ip route add default via 10.0.3.2 dev eth1 table 103'
run 'ip rule add from 10.0.3.15 table 103'
run 'ip route get 198.51.100.1 from 10.0.3.15'
says 'by source' 'via 10.0.3.2 dev eth1 table 103'
run 'ip route get 198.51.100.1 from 10.0.2.15'
says 'and the other' 'via 10.0.2.2 dev eth0'
run 'ip rule del from 10.0.3.15 table 103'
run 'ip addr flush dev eth1; ip link set eth1 down'
left 'the second card is as it was' 0
