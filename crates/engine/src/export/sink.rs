//! The writer under every encoder: buffered, and it remembers its own error, because the Arrow writers turn it to text.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use crate::Error;

const BUFFER_BYTES: usize = 64 * 1024;

pub(super) struct Sink {
    buffer: Vec<u8>,
    out: Box<dyn Write + Send>,
    /// Who reads a stream sees every batch when it is there.
    eager: bool,
    failure: Failure,
}

/// The first error of a [`Sink`], for who no longer owns it.
#[derive(Clone)]
pub(super) struct Failure {
    what: Arc<str>,
    error: Arc<Mutex<Option<io::Error>>>,
}

impl Sink {
    pub(super) fn new(out: Box<dyn Write + Send>, what: &str, eager: bool) -> Self {
        let failure = Failure { what: what.into(), error: Arc::default() };
        Self { buffer: Vec::with_capacity(BUFFER_BYTES), out, eager, failure }
    }

    pub(super) fn failure(&self) -> Failure {
        self.failure.clone()
    }

    /// Writes with the error as ours.
    pub(super) fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.write_all(bytes).map_err(|error| self.failure.own(error))
    }

    pub(super) fn end_batch(&mut self) -> Result<(), Error> {
        if self.eager { self.end() } else { Ok(()) }
    }

    pub(super) fn end(&mut self) -> Result<(), Error> {
        self.flush().map_err(|error| self.failure.own(error))
    }

    fn drain(&mut self) -> io::Result<()> {
        let result = self.out.write_all(&self.buffer);
        self.buffer.clear();
        result.map_err(|error| self.failure.keep(error))
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() + bytes.len() > BUFFER_BYTES {
            self.drain()?;
        }
        if bytes.len() >= BUFFER_BYTES {
            self.out.write_all(bytes).map_err(|error| self.failure.keep(error))?;
        } else {
            self.buffer.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.drain()?;
        self.out.flush().map_err(|error| self.failure.keep(error))
    }
}

impl Failure {
    pub(super) fn take(&self) -> Option<Error> {
        let error = self.error.lock().unwrap_or_else(PoisonError::into_inner).take();
        error.map(|error| self.own(error))
    }

    fn own(&self, error: io::Error) -> Error {
        let kept = self.error.lock().unwrap_or_else(PoisonError::into_inner).take();
        Error::output(self.what.as_ref(), kept.unwrap_or(error))
    }

    /// Keeps the error, and gives its like for the caller in between.
    fn keep(&self, error: io::Error) -> io::Error {
        let like = io::Error::new(error.kind(), error.to_string());
        self.error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        like
    }
}
