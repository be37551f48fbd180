//! The client that reading commands hold is no deleter, and sends no call that somebody brings.

use frameio_retire::frameio::client::Client;
use frameio_retire::frameio::deleter::Deleter;
use frameio_retire::frameio::{v2, v4};

fn delete<C>(_: &impl Deleter<C>) {}

async fn misuse(client: &Client, call: &v4::Call) {
    delete::<v2::Call>(client);
    delete::<v4::Call>(client);
    client.send_telling(call, panic!(), |_| {}).await;
}

fn main() {}
