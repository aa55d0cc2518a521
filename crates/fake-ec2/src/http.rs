//! HTTP/1.1 as far as EC2 needs it: whole requests in, bytes out.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

const HEAD_BYTES_MAX: usize = 64 * 1024;
const HEADERS_MAX: usize = 100;
const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
const CHUNK_BYTES: usize = 8 * 1024;
/// EC2 answers in chunks; the shortest answers come whole, so that both are met.
const WHOLE_BYTES_MAX: usize = 1_024;

/// A request, read to the end of its body.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) keep_alive: bool,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The next request of a connection; none when the client has closed it.
    pub(crate) async fn read(
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
        buffer: &mut Vec<u8>,
    ) -> io::Result<Option<Self>> {
        let (mut request, head_bytes) = loop {
            if let Some(head) = parse_head(buffer)? {
                break head;
            }
            if buffer.len() > HEAD_BYTES_MAX {
                return Err(refused("the head of the request is too large"));
            }
            if stream.read_buf(buffer).await? == 0 {
                return Ok(None);
            }
        };
        let body_bytes = request.body_bytes()?;
        if request.header("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        let whole = head_bytes + body_bytes;
        while buffer.len() < whole {
            if stream.read_buf(buffer).await? == 0 {
                return Ok(None);
            }
        }
        request.body = buffer.drain(..whole).skip(head_bytes).collect();
        Ok(Some(request))
    }

    fn body_bytes(&self) -> io::Result<usize> {
        if self.header("transfer-encoding").is_some() {
            return Err(refused("a request in chunks is not understood"));
        }
        let bytes = self.header("content-length").map_or(Ok(0), str::parse);
        let bytes = bytes.map_err(|_| refused("the content-length is not a number"))?;
        if bytes > BODY_BYTES_MAX {
            return Err(refused("the body of the request is too large"));
        }
        Ok(bytes)
    }
}

fn refused(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

fn parse_head(buffer: &[u8]) -> io::Result<Option<(Request, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut parsed = httparse::Request::new(&mut headers);
    let status = parsed.parse(buffer).map_err(|error| refused(&error.to_string()))?;
    let httparse::Status::Complete(bytes) = status else {
        return Ok(None);
    };
    let text = |value: &[u8]| String::from_utf8(value.to_vec()).map_err(|_| refused("a header is not UTF-8"));
    let headers = parsed
        .headers
        .iter()
        .map(|header| Ok((header.name.to_ascii_lowercase(), text(header.value)?)))
        .collect::<io::Result<Vec<_>>>()?;
    let mut request = Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        target: parsed.path.unwrap_or_default().to_owned(),
        headers,
        body: Vec::new(),
        keep_alive: parsed.version == Some(1),
    };
    if request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
        request.keep_alive = false;
    }
    Ok(Some((request, bytes)))
}

/// An answer before it is framed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// How a body's end is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Length,
    Chunked,
    Close,
}

impl Answer {
    /// More headers.
    pub(crate) fn with(mut self, headers: &[(String, String)]) -> Self {
        self.headers.extend_from_slice(headers);
        self
    }

    pub(crate) fn framing(&self) -> Framing {
        if self.body.len() > WHOLE_BYTES_MAX { Framing::Chunked } else { Framing::Length }
    }

    /// The status line and the headers, up to and with the empty line.
    pub(crate) fn head(&self, framing: Framing) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        let end = match framing {
            Framing::Length => format!("Content-Length: {}\r\n\r\n", self.body.len()),
            Framing::Chunked => "Transfer-Encoding: chunked\r\n\r\n".to_owned(),
            Framing::Close => "Connection: close\r\n\r\n".to_owned(),
        };
        head.push_str(&end);
        head.into_bytes()
    }

    /// The whole answer.
    pub(crate) fn wire(&self, framing: Framing) -> Vec<u8> {
        let mut wire = self.head(framing);
        if framing != Framing::Chunked {
            wire.extend_from_slice(&self.body);
            return wire;
        }
        for chunk in self.body.chunks(CHUNK_BYTES) {
            wire.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            wire.extend_from_slice(chunk);
            wire.extend_from_slice(b"\r\n");
        }
        wire.extend_from_slice(b"0\r\n\r\n");
        wire
    }
}

/// EC2's reason phrases are the usual ones; clients must not look at them anyway.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        301..=308 => "Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        412 => "Precondition Failed",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Other",
    }
}
