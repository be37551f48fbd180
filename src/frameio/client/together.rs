//! Asking for several things at once.

use tokio::task::JoinSet;

/// Asks side by side, and gives the answers in the order of the questions.
pub(crate) async fn side_by_side<Q>(questions: impl IntoIterator<Item = Q>) -> Vec<Q::Output>
where
    Q: Future<Output: Send> + Send + 'static,
{
    let numbered = questions.into_iter().enumerate();
    let under_way: JoinSet<_> = numbered
        .map(|(place, question)| async move { (place, question.await) })
        .collect();
    let mut answers = under_way.join_all().await;
    answers.sort_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}
