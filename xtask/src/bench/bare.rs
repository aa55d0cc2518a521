//! A client that takes the pages and looks at nothing: how long a listing takes at least.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use super::work::Data;

const BUFFER_BYTES: usize = 1 << 18;

/// Takes so many pages, one after the other.
pub(crate) fn receive(url: &str, data: Data, pages: usize) -> Result<(), String> {
    let text = |error: std::io::Error| format!("{url}: {error}");
    let address = url.strip_prefix("http://").ok_or("the endpoint speaks plain HTTP")?;
    let mut stream = TcpStream::connect(address).map_err(text)?;
    stream.set_nodelay(true).map_err(text)?;
    let mut answers = BufReader::with_capacity(BUFFER_BYTES, stream.try_clone().map_err(text)?);
    for number in 0..pages {
        let form = format!("Action={}&NextToken=page-{number}", data.work().operation());
        let request = format!("POST / HTTP/1.1\r\ncontent-length: {}\r\n\r\n{form}", form.len());
        stream.write_all(request.as_bytes()).map_err(text)?;
        let mut length = 0;
        loop {
            let mut line = String::new();
            answers.read_line(&mut line).map_err(text)?;
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse().map_err(|_| format!("the endpoint says {line:?}"))?;
            }
            if line.trim_end().is_empty() {
                break;
            }
        }
        std::io::copy(&mut answers.by_ref().take(length), &mut std::io::sink()).map_err(text)?;
    }
    Ok(())
}
