//! A token has no `Display`, so that no message can have it.

use frameio_retire::frameio::token::Token;

fn main() {
    let token = Token::new("fio-u-hush").unwrap();
    println!("{token}");
}
