# nginx(8): a master and two workers, sendfile, ranges, a socket that both workers share.
mkdir -p /tmp/www /tmp/ngx
head -c 300000 /dev/zero | tr '\0' 'n' > /tmp/www/long
echo '<h1>sockeye</h1>' > /tmp/www/index.html
cat > /tmp/nginx.conf <<'CONF'
worker_processes 2;
pid /tmp/ngx/pid;
error_log /tmp/ngx/error.log;
events { worker_connections 64; }
http {
    access_log /tmp/ngx/access.log;
    client_body_temp_path /tmp/ngx/body; proxy_temp_path /tmp/ngx/proxy;
    fastcgi_temp_path /tmp/ngx/f; uwsgi_temp_path /tmp/ngx/u; scgi_temp_path /tmp/ngx/s;
    sendfile on; tcp_nopush on; keepalive_timeout 5;
    server { listen 127.0.0.1:7070; listen [::1]:7070; root /tmp/www; }
    server { listen unix:/tmp/ngx/sock; location / { return 200 "by unix\n"; } }
    server { listen 127.0.0.1:7071; location / { proxy_pass http://127.0.0.1:7070; } }
}
CONF
run 'nginx -t -c /tmp/nginx.conf -e /tmp/ngx/error.log'
says 'its configuration is good' 'test is successful'
run 'nginx -c /tmp/nginx.conf -e /tmp/ngx/error.log >/dev/null 2>&1'
left 'it becomes a daemon' 0
listening 7070
run 'curl -sS -i http://127.0.0.1:7070/'
says 'a page' '<h1>sockeye</h1>'
says 'with a head' '^HTTP/1.1 200 OK'
run 'curl -sS http://127.0.0.1:7070/long | md5sum; md5sum < /tmp/www/long'
says 'a long one, as it is' "$(md5sum < /tmp/www/long | cut -c 1-32)"
run 'curl -sS -r 299990- http://[::1]:7070/long'
says 'its end, over IPv6' '^nnnnnnnnnn$'
run 'curl -sS --unix-socket /tmp/ngx/sock http://any/'
says 'a UNIX socket' '^by unix$'
run 'curl -sS http://127.0.0.1:7071/long | wc -c'
says 'through itself' '^300000$'
run 'for i in 1 2 3 4 5 6 7 8 9 10; do curl -sS -o /dev/null -w "%{http_code} " http://127.0.0.1:7070/ & done; wait'
says 'ten at once' '^(200 ){10}$'
run 'curl -sS -o /dev/null -w "%{http_code}" http://127.0.0.1:7070/none'
says 'a page that is not there' '^404'
run 'nginx -c /tmp/nginx.conf -e /tmp/ngx/error.log -s reload; sleep 1; curl -sS http://127.0.0.1:7070/'
says 'new workers' 'sockeye'
run 'nginx -c /tmp/nginx.conf -e /tmp/ngx/error.log -s quit; sleep 1; ss -Hltn sport = :7070'
lacks 'and it ends' '7070'
run 'cat /tmp/ngx/error.log'
lacks 'nothing was wrong' '\[(emerg|alert|crit)\]'
