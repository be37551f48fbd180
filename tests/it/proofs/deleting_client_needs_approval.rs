//! What deletes is made from what reads and an approved plan, and in no other way.

use frameio_retire::frameio::client::Client;
use frameio_retire::frameio::deleter::DeletingClient;

fn unapproved(client: Client) -> DeletingClient {
    DeletingClient::new(client)
}

fn by_hand(client: Client) -> DeletingClient {
    DeletingClient(client)
}

fn main() {}
