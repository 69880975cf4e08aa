# dropbear(8) and dbclient(1): ssh over lo, with keys.
mkdir -p /root/.ssh && chmod 700 /root /root/.ssh
run 'dropbearkey -t ed25519 -f /tmp/hostkey'
says 'a key for the server' 'ssh-ed25519 '
dropbearkey -t ed25519 -f /tmp/id >/tmp/id.log 2>&1
grep '^ssh-ed25519' /tmp/id.log > /root/.ssh/authorized_keys
chmod 600 /root/.ssh/authorized_keys
start sshd 'dropbear -F -E -s -r /tmp/hostkey -p 127.0.0.1:7090'
listening 7090
ssh='dbclient -y -y -i /tmp/id -p 7090 root@127.0.0.1'
run "$ssh 'echo \$SSH_CONNECTION; uname -s'"
says 'a command far away' '^127.0.0.1 [0-9]+ 127.0.0.1 7090$'
says 'and its output' '^Linux$'
run "$ssh 'exit 7'"
left 'its exit code comes back' 7
run "head -c 1000000 /dev/zero | $ssh 'wc -c'"
says 'a million bytes there' '^1000000$'
run "$ssh 'head -c 1000000 /dev/zero' | wc -c"
says 'and back' '^1000000$'
run "socat -t 5 - EXEC:'$ssh -t tty',pty,setsid,ctty"
says 'a terminal' '/dev/pts/[0-9]'
start server 'nc -l -k 127.0.0.1 7091'
listening 7091
start tunnel "$ssh -N -L 7092:127.0.0.1:7091"
listening 7092
run 'echo through the tunnel | nc -N -w 3 127.0.0.1 7092; sleep 0.5; cat /tmp/server.log'
says 'a port forwarded' 'through the tunnel'
