# curl(1) and wget(1) against a server on the host.
url=http://10.0.2.2:{web}
run "curl -sS $url/hello"
says 'a page' '^hello from the host$'
run "curl -sS -I $url/hello"
says 'its head' '^HTTP/1.1 200 OK'
run "curl -sS -o /tmp/bytes -w '%{http_code} %{size_download} %{num_connects}' $url/bytes/5000000; wc -c < /tmp/bytes"
says 'five million bytes' '^200 5000000 1'
says 'in the file' '5000000$'
run "head -c 2000000 /dev/zero | curl -sS --data-binary @- $url/count"
says 'two million bytes the other way' '^2000000 bytes$'
run "curl -sS $url/nothing -o /dev/null -w '%{http_code}'"
says 'a page that is not there' '^404'
run "curl -sS $url/hello $url/hello -w '%{num_connects} '"
says 'a connection used twice' '0 $'
run 'curl -sS -m 5 http://127.0.0.1:1/'
says 'nobody there' 'Failed to connect|Could not connect|refused'
left 'has its exit code' 7
run "wget -q -O - $url/hello"
says 'wget' '^hello from the host$'
