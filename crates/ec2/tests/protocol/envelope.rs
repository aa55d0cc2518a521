//! What surrounds the rows: the declaration, the request id, the token, and EC2's error answer.

use ec2ql_ec2::{Document, Kind, Limits};

use crate::document::{END, OPERATION, ROOT, kind, outline};

#[test]
fn h07_h14_what_is_no_document_is_refused() {
    let utf16: Vec<u8> = format!("\u{feff}{ROOT}{END}").encode_utf16().flat_map(u16::to_be_bytes).collect();
    let latin = format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{ROOT}{END}");
    let bodies: [&[u8]; 10] = [
        b"",
        b" \r\n\t ",
        b"\xef\xbb\xbf",
        b"{\"Images\": []}",
        b"<html><body>Bad gateway</body></html>",
        b"<!doctype html><html></html>",
        b"not xml",
        b"\x1f\x8b\x08\x00",
        &utf16,
        latin.as_bytes(),
    ];
    for body in bodies {
        assert_eq!(kind(body), Kind::Document, "{:?}", String::from_utf8_lossy(body));
    }
    let marked = format!("\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- x -->\n{ROOT}{END}\n");
    assert!(outline(marked.as_bytes()).is_ok());
    assert_eq!(kind(format!(" <?xml version=\"1.0\"?>{ROOT}{END}").as_bytes()), Kind::Document);
}

#[test]
fn the_xml_declaration_cannot_hide_another_encoding() {
    let with = |attributes: &str| outline(format!("<?xml {attributes}?>{ROOT}{END}").as_bytes());
    for attributes in
        ["version='1.0'", "version=\"1.1\" encoding='us-ascii'", "version='1.0' encoding='Utf-8' standalone='no' "]
    {
        assert!(with(attributes).is_ok(), "{attributes}");
    }
    for attributes in [
        "",
        "encoding='utf-8'",
        "encoding='utf-8' version='1.0'",
        "version='2.0'",
        "version='1.x'",
        "version='1.0' encding='latin1'",
        "version='1.0' encoding='latin1'",
        "version='1.0'encoding='utf-8'",
        "version='1.0' encoding='utf-8' encoding='latin1'",
        "version='1.0' standalone='maybe'",
    ] {
        assert_eq!(with(attributes).unwrap_err().kind(), Kind::Document, "{attributes}");
    }
    for target in ["", " ", "XML", "1", "a:b", "\u{2028}"] {
        assert_eq!(kind(format!("<?{target} x?>{ROOT}{END}").as_bytes()), Kind::Document, "{target}");
    }
}

#[test]
fn the_envelope_is_found_once_wherever_it_stands() {
    let ends =
        |inside: &str| outline(format!("{ROOT}{inside}</DescribeImagesResponse>").as_bytes()).map(|(_, end)| end);
    let envelope =
        ends("<nextToken>a&amp;b+/%=</nextToken><s><item><nextToken>no</nextToken></item></s><requestId>r</requestId>");
    assert_eq!(envelope.unwrap().next_token.as_deref(), Some("a&b+/%="));
    assert_eq!(ends("<requestId>r</requestId><nextToken></nextToken>").unwrap().next_token, None);
    assert_eq!(ends("<requestId>r</requestId><nextToken/>").unwrap().next_token, None);
    assert_eq!(ends("<requestId>r</requestId><nextToken> </nextToken>").unwrap().next_token.as_deref(), Some(" "));
    for inside in [
        "",
        "<requestId/>",
        "<requestId>r</requestId><requestId>r</requestId>",
        "<requestId>r</requestId><nextToken>a</nextToken><nextToken>a</nextToken>",
        "<s><requestId>r</requestId></s>",
    ] {
        assert_eq!(ends(inside).unwrap_err().kind(), Kind::Document, "{inside}");
    }
}

#[test]
fn h06_an_error_answer_is_the_error_that_it_names() {
    let answer = |code: &str| {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{code}</Code><Message>m &amp; m</Message>\
             </Error></Errors><RequestID>r-9</RequestID></Response>"
        )
    };
    let error = |code: &str| Document::open(answer(code).as_bytes(), OPERATION, &Limits::default()).unwrap_err();
    let unauthorized = error("UnauthorizedOperation");
    assert_eq!(
        (
            unauthorized.kind(),
            unauthorized.code(),
            unauthorized.message(),
            unauthorized.request_id(),
            unauthorized.operation()
        ),
        (Kind::Unauthorized, Some("UnauthorizedOperation"), "m & m", Some("r-9"), Some(OPERATION)),
    );
    for (code, expected, retryable) in [
        ("RequestLimitExceeded", Kind::Throttled, true),
        ("Client.RequestLimitExceeded", Kind::Throttled, true),
        ("EC2ThrottledException", Kind::Throttled, true),
        ("PriorRequestNotComplete", Kind::Throttled, true),
        ("RequestTimeout", Kind::Service, true),
        ("AuthFailure", Kind::AuthFailure, false),
        ("RequestExpired", Kind::Expired, false),
        ("InvalidConversionTaskId.Malformed", Kind::Service, false),
    ] {
        assert_eq!((error(code).kind(), error(code).is_retryable()), (expected, retryable), "{code}");
    }
    for named in ["<Errors><Error><Code>AuthFailure</Code></Error></Errors>", "<Error><Code>AuthFailure</Code></Error>"]
    {
        let answer = format!("<ErrorResponse>{named}<RequestId>r-9</RequestId></ErrorResponse>");
        let error = Document::open(answer.as_bytes(), OPERATION, &Limits::default()).unwrap_err();
        assert_eq!((error.code(), error.request_id()), (Some("AuthFailure"), Some("r-9")), "{named}");
    }
    let cut = answer("RequestLimitExceeded");
    for length in 0..cut.len() {
        let error = Document::open(&cut.as_bytes()[..length], OPERATION, &Limits::default()).unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Document, None), "cut at byte {length}");
    }
    assert_eq!(error("").kind(), Kind::Document);
}
