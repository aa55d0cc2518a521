//! A body as it arrives: as it is, or compressed.

use std::io::{self, Write};

use bytes::{Bytes, BytesMut};
use flate2::write::GzDecoder;

/// What a decoded byte may cost to send is not bounded, but this is how often gzip can repeat one: a body that comes
/// near to it was made to fill the memory.
const RATIO_MAX: usize = 1_000;

/// Takes chunks of a body, never keeps more than its bound.
pub(crate) struct Body {
    received: usize,
    bytes_max: usize,
    form: Form,
}

enum Form {
    Plain(BytesMut),
    Gzip(Box<GzDecoder<Decoded>>),
}

/// Why a body cannot be kept.
#[derive(Debug)]
pub(crate) enum Fault {
    /// It is longer than the bound.
    TooLong,
    /// It repeats a few bytes more often than any answer does.
    Bomb,
    Broken(io::Error),
}

/// What is decoded so far.
struct Decoded {
    bytes: BytesMut,
    /// No more than this is kept.
    allowed: usize,
    over: bool,
}

impl Body {
    /// An empty body that is sent as it is, received into this memory; `announced` is its length, if that was said.
    pub(crate) fn plain(mut buffer: BytesMut, announced: usize, bytes_max: usize) -> Self {
        buffer.clear();
        buffer.reserve(announced.min(bytes_max));
        Self { received: 0, bytes_max, form: Form::Plain(buffer) }
    }

    pub(crate) fn gzip(mut buffer: BytesMut, bytes_max: usize) -> Self {
        buffer.clear();
        let decoded = Decoded { bytes: buffer, allowed: 0, over: false };
        Self { received: 0, bytes_max, form: Form::Gzip(Box::new(GzDecoder::new(decoded))) }
    }

    pub(crate) fn push(&mut self, chunk: &[u8]) -> Result<(), Fault> {
        self.received = self.received.saturating_add(chunk.len());
        if self.received > self.bytes_max {
            return Err(Fault::TooLong);
        }
        match &mut self.form {
            Form::Plain(bytes) => bytes.extend_from_slice(chunk),
            Form::Gzip(decoder) => {
                decoder.get_mut().allowed = self.received.saturating_mul(RATIO_MAX).min(self.bytes_max);
                decoder.write_all(chunk).map_err(|error| fault(error, decoder.get_ref(), self.bytes_max))?;
            }
        }
        Ok(())
    }

    /// The whole body, decoded.
    pub(crate) fn finish(self) -> Result<Bytes, Fault> {
        match self.form {
            Form::Plain(bytes) => Ok(bytes.freeze()),
            Form::Gzip(mut decoder) => match decoder.try_finish() {
                Ok(()) => Ok(std::mem::take(&mut decoder.get_mut().bytes).freeze()),
                Err(error) => Err(fault(error, decoder.get_ref(), self.bytes_max)),
            },
        }
    }
}

fn fault(error: io::Error, decoded: &Decoded, bytes_max: usize) -> Fault {
    match decoded.over {
        true if decoded.allowed == bytes_max => Fault::TooLong,
        true => Fault::Bomb,
        false => Fault::Broken(error),
    }
}

impl Write for Decoded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.over || bytes.len() > self.allowed - self.bytes.len() {
            self.over = true;
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed assertion is the point of a test")]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn compressed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(vec![], Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8], chunk_bytes: usize, bytes_max: usize) -> Result<Bytes, Fault> {
        let mut body = Body::gzip(BytesMut::new(), bytes_max);
        bytes.chunks(chunk_bytes).try_for_each(|chunk| body.push(chunk))?;
        body.finish()
    }

    #[test]
    fn a_compressed_body_is_read_in_chunks_of_any_size() {
        let text: Vec<u8> = (0..100_000u32).flat_map(|n| n.to_string().into_bytes()).collect();
        let bytes = compressed(&text);
        for chunk_bytes in [1, 2, 7, 1_000, bytes.len()] {
            assert_eq!(read(&bytes, chunk_bytes, text.len()).unwrap(), text);
        }
        assert_eq!(read(&compressed(b""), 1, 100).unwrap(), "");
    }

    #[test]
    fn h13_a_broken_one_is_an_error() {
        let bytes = compressed(b"<a>b</a>");
        for length in 0..bytes.len() {
            assert!(matches!(read(&bytes[..length], 3, 100), Err(Fault::Broken(_))), "{length}");
        }
        for at in [0, 1, 2, 10, bytes.len() - 8, bytes.len() - 1] {
            let mut broken = bytes.clone();
            broken[at] ^= 0xff;
            assert!(matches!(read(&broken, 3, 100), Err(Fault::Broken(_))), "{at}");
        }
        assert!(matches!(read(&[&bytes[..], b"x"].concat(), 100, 100), Err(Fault::Broken(_))));
    }

    #[test]
    fn h13_the_bound_is_one_on_decoded_bytes() {
        let text: Vec<u8> = (0..20_000u32).flat_map(|n| n.to_string().into_bytes()).collect();
        let bytes = compressed(&text);
        assert!(read(&bytes, 100, text.len()).is_ok());
        assert!(matches!(read(&bytes, 100, text.len() - 1), Err(Fault::TooLong)));
    }

    #[test]
    fn h13_a_bomb_is_given_up_early() {
        let bytes = compressed(&vec![b' '; 8 << 20]);
        let mut body = Body::gzip(BytesMut::new(), 1 << 30);
        let fault = bytes.chunks(64).find_map(|chunk| body.push(chunk).err());
        assert!(matches!(fault, Some(Fault::Bomb)), "{fault:?}");
        let Form::Gzip(decoder) = body.form else { return };
        assert!(decoder.get_ref().bytes.len() < 1 << 20);
    }
}
