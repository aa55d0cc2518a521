//! One connection: requests in, answers out, until either side has had enough.

use std::io;
use std::sync::Arc;

use tokio::net::TcpStream;

use crate::http::Request;
use crate::service::Service;

pub(crate) async fn serve(mut stream: TcpStream, service: Arc<Service>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    while let Some(request) = Request::read(&mut stream, &mut buffer).await? {
        let reusable = service.respond(&request).send(&mut stream).await?;
        if !reusable || !request.keep_alive {
            break;
        }
    }
    Ok(())
}
