set location /tmp
set number 20000
set transactions 200000
set subdirectories 100
set read 4096
set write 4096
set buffering false
show
run
quit
