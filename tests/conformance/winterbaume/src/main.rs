//! Serves `winterbaume-ec2` on loopback: prints the URL, answers until it is killed.

use std::io::{Read as _, Write as _};

use winterbaume_core::{MockRequest, MockService as _};
use winterbaume_ec2::Ec2Service;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// The longest request body that is read; the test's bodies are below 4 KiB.
const BODY_BYTES_MAX: u64 = 1024 * 1024;

fn main() -> Result<(), Error> {
    let server = tiny_http::Server::http("127.0.0.1:0")?;
    println!("http://{}", server.server_addr());
    std::io::stdout().flush()?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let service = Ec2Service::new();
    for mut request in server.incoming_requests() {
        let mut body = Vec::new();
        request.as_reader().take(BODY_BYTES_MAX).read_to_end(&mut body)?;
        let answer = runtime.block_on(service.handle(MockRequest {
            method: request.method().to_string(),
            // The crate takes the region from the host name and keeps import tasks in this one only.
            uri: "https://ec2.us-east-1.amazonaws.com/".to_owned(),
            headers: http::HeaderMap::new(),
            body: body.into(),
        }));
        let response = tiny_http::Response::from_data(answer.body.to_vec())
            .with_status_code(answer.status)
            .with_header("Content-Type: text/xml;charset=UTF-8".parse::<tiny_http::Header>().map_err(|()| "header")?);
        request.respond(response)?;
    }
    Ok(())
}
