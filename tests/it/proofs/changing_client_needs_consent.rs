//! What changes assets is made from what reads and from consent, which nobody makes by hand.

use frameio_retire::frameio::changer::ChangingClient;
use frameio_retire::frameio::client::Client;
use frameio_retire::frameio::v4::changes::Change;
use frameio_retire::plan::consent::Agreed;

fn unasked(client: Client) -> ChangingClient {
    ChangingClient::new(client)
}

fn by_hand(client: Client) -> ChangingClient {
    ChangingClient::new(client, &Agreed(()))
}

async fn misuse(client: &Client, change: &Change) {
    client.change(change, |_| panic!()).await;
}

fn main() {}
