/// What a reconcile that did not fail asks for.
package enum ReconcileResult: Hashable, Sendable {
    /// Nothing more until something changes.
    case done
    /// Once more after this time, however quiet it stays.
    case requeue(after: Duration)
}
