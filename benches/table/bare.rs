//! The least that can be done: the same batches from a plain client that records nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use frameio_retire::asset::AssetId;
use reqwest::Client;

use crate::process::Server;

/// Deletes everything, and returns how long it took.
pub(crate) fn delete_all(
    server: &Server,
    ids: &[AssetId],
    batch: usize,
    at_once: usize,
) -> Duration {
    drop(rustls::crypto::ring::default_provider().install_default());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let start = Instant::now();
    let bodies: Arc<Vec<Vec<u8>>> = Arc::new(
        ids.chunks(batch)
            .map(|ids| serde_json::to_vec(&serde_json::json!({ "asset_ids": ids })).unwrap())
            .collect(),
    );
    let next = Arc::new(AtomicUsize::new(0));
    let client = Client::builder()
        .no_proxy()
        .tcp_nodelay(true)
        .build()
        .unwrap();
    let url = format!("{}/v2/batch/assets", server.url());
    runtime.block_on(async {
        let workers: Vec<_> = (0..at_once)
            .map(|_| {
                let (bodies, next) = (Arc::clone(&bodies), Arc::clone(&next));
                let (client, url) = (client.clone(), url.clone());
                let token = server.token().to_owned();
                tokio::spawn(async move {
                    while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let answer = client
                            .delete(&url)
                            .bearer_auth(&token)
                            .header("content-type", "application/json")
                            .body(body.clone())
                            .send()
                            .await
                            .unwrap();
                        assert!(answer.status().is_success(), "{answer:?}");
                        drop(answer.bytes().await.unwrap());
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.await.unwrap();
        }
    });
    start.elapsed()
}
