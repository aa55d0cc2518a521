//! The fast reader of answers and the XML library's must see the same in any bytes.
#![no_main]

#[path = "../../crates/ec2/tests/protocol/compare.rs"]
mod compare;

use ec2ql_ec2::Limits;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    // How it is walked comes from the bytes too, so that any answer can be a start.
    let hash = body
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3));
    let choices = hash.to_le_bytes();
    let near = Limits { depth_max: 5, text_bytes_max: 40, attributes_max: 2, ..Limits::default() };
    let limits = if choices[7] < 64 { near } else { Limits::default() };
    compare::compare(body, &compare::operation(body), &limits, &choices);
});
