//! The upstream, and the programs that the gateway is measured against, each with one worker.

use std::fmt::Write as _;

use super::{KEYS, key, ready};
use crate::server::{Ready, Scratch, Server, free_port, program};

/// The path that is driven; the upstream answers any.
pub(super) const PATH: &str = "/pets/1";

const UPSTREAM: &str = r#"worker_processes 1; daemon off; pid {folder}/upstream.pid; error_log {folder}/upstream.err crit;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 100000000; server { listen 127.0.0.1:{port} reuseport; location / {
  default_type application/json;
  return 200 '{"id":1,"name":"rex","tag":"dog","status":"available","photo":"https://example.test/p/1.png","created":"2026-01-01T00:00:00Z"}'; } } }
"#;

const NGINX: &str = r#"worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.err crit;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 100000000; map_hash_max_size 65536; map_hash_bucket_size 128;
  map $http_x_api_key $consumer { default ""; include {folder}/nginx.keys; }
  limit_req_zone $consumer zone=k:32m rate=1000000r/s;
  upstream u { server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 100000000; }
  server { listen 127.0.0.1:{port} reuseport; location / {
    if ($consumer = "") { return 401; }
    limit_req zone=k burst=1000000 nodelay;
    proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header X-Forwarded-For $remote_addr;
    proxy_pass http://u; } } }
"#;

/// nginx that passes bodies on as they come: what it does best with large ones.
const PASSING_NGINX: &str = r"worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.err crit;
events { worker_connections 4096; }
http { access_log off; client_max_body_size 0; proxy_buffer_size 64k; proxy_buffers 8 64k; client_body_buffer_size 128k;
  upstream u { server 127.0.0.1:{upstream}; keepalive 16; }
  server { listen 127.0.0.1:{port} reuseport; location / {
    proxy_buffering off; proxy_request_buffering off;
    proxy_http_version 1.1; proxy_set_header Connection ''; proxy_pass http://u; } } }
";

const HAPROXY: &str = "global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  option http-keep-alive
backend st
  stick-table type string len 32 size 100k expire 60s store http_req_rate(1s)
frontend f
  bind 127.0.0.1:{port}
  http-request set-var(txn.c) req.hdr(x-api-key),map_str({folder}/haproxy.keys)
  http-request deny deny_status 401 unless { var(txn.c) -m found }
  http-request track-sc0 var(txn.c) table st
  http-request deny deny_status 429 if { sc_http_req_rate(0,st) gt 100000000 }
  default_backend u
backend u
  option forwardfor
  http-reuse always
  server s 127.0.0.1:{upstream} maxconn 1024
";

/// nginx answering by itself: 130 bytes of JSON.
pub(super) fn upstream(scratch: &Scratch) -> anyhow::Result<(Server, u16)> {
    let port = free_port()?;
    let config = scratch.write("upstream.conf", &fill(UPSTREAM, scratch, port, port))?;
    Ok((
        Server::start(
            "upstream",
            program("nginx")?.arg("-c").arg(config),
            scratch,
            port,
            ready(PATH, &key(77)),
        )?,
        port,
    ))
}

/// A map of keys, `limit_req`, and the upstream's connections kept.
pub(super) fn nginx(scratch: &Scratch, upstream: u16) -> anyhow::Result<(Server, u16)> {
    let port = free_port()?;
    scratch.write(
        "nginx.keys",
        &keys(|key, consumer| format!("\"{key}\" \"{consumer}\";")),
    )?;
    let config = scratch.write("nginx.conf", &fill(NGINX, scratch, port, upstream))?;
    Ok((
        Server::start(
            "nginx",
            program("nginx")?.arg("-c").arg(config),
            scratch,
            port,
            ready(PATH, &key(77)),
        )?,
        port,
    ))
}

/// Nothing but bodies passed on.
pub(super) fn passing_nginx(scratch: &Scratch, upstream: u16) -> anyhow::Result<(Server, u16)> {
    let port = free_port()?;
    let config = scratch.write("nginx.conf", &fill(PASSING_NGINX, scratch, port, upstream))?;
    let mut nginx = program("nginx")?;
    nginx.arg("-c").arg(config);
    Ok((Server::start("nginx", &mut nginx, scratch, port, Ready::Listens)?, port))
}

/// A map of keys, a stick table, and the upstream's connections kept.
pub(super) fn haproxy(scratch: &Scratch, upstream: u16) -> anyhow::Result<(Server, u16)> {
    let port = free_port()?;
    scratch.write("haproxy.keys", &keys(|key, consumer| format!("{key} {consumer}")))?;
    let config = scratch.write("haproxy.cfg", &fill(HAPROXY, scratch, port, upstream))?;
    Ok((
        Server::start(
            "haproxy",
            program("haproxy")?.arg("-f").arg(config),
            scratch,
            port,
            ready(PATH, &key(77)),
        )?,
        port,
    ))
}

fn fill(template: &str, scratch: &Scratch, port: u16, upstream: u16) -> String {
    let folder = scratch.path().display().to_string();
    template
        .replace("{folder}", &folder)
        .replace("{port}", &port.to_string())
        .replace("{upstream}", &upstream.to_string())
}

fn keys(line: impl Fn(&str, &str) -> String) -> String {
    (0..KEYS).fold(String::new(), |mut all, index| {
        let _ = writeln!(all, "{}", line(&key(index), &format!("c{index}")));
        all
    })
}
