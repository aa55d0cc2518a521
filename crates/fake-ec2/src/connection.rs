//! One connection: requests in, answers out, until either side has had enough.

use std::io;
use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::fake::State;
use crate::http::Request;

pub(crate) async fn serve(mut stream: TcpStream, state: Arc<State>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    while let Some(request) = Request::read(&mut stream, &mut buffer).await? {
        let answer = state.answer(&request);
        stream.write_all(&answer.wire(answer.framing())).await?;
        if !request.keep_alive {
            break;
        }
    }
    stream.shutdown().await
}
