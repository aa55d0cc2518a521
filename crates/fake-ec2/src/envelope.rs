//! EC2's two envelopes: `<OperationResponse>` and `<Response><Errors>`.

use crate::element::{Fields, escape};

/// The only version of the API that is spoken here.
pub(crate) const VERSION: &str = "2016-11-15";

/// The media type of both envelopes.
pub(crate) const XML: &str = "text/xml;charset=UTF-8";
/// The message of `AuthFailure`.
pub(crate) const UNKNOWN_CREDENTIALS: &str = "AWS was not able to validate the provided access credentials";

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// An error as EC2 answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into() }
    }

    /// Most of EC2's client errors are 400.
    pub(crate) fn bad(code: &str, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }
}

pub(crate) fn success(operation: &str, request_id: &str, fields: Fields) -> String {
    let mut out = format!("{DECLARATION}<{operation}Response xmlns=\"http://ec2.amazonaws.com/doc/{VERSION}/\">\n");
    Fields::new().text("requestId", request_id).extend(fields).write(1, &mut out);
    out.extend(["</", operation, "Response>"]);
    out
}

pub(crate) fn failure(failure: &Failure, request_id: &str) -> String {
    format!(
        "{DECLARATION}<Response><Errors><Error><Code>{}</Code><Message>{}</Message></Error></Errors>\
         <RequestID>{request_id}</RequestID></Response>",
        escape(&failure.code),
        escape(&failure.message),
    )
}
