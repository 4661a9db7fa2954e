import Synchronization

/// Views that follow their files, for development only.
final class ReloadingViews: Sendable {
    private struct State {
        var files: [ViewFiles.File]
        var views: LoadedViews
    }

    private let directory: String
    private let state: Mutex<State>

    init(directory: String) throws(ViewError) {
        let files = Self.files(directory)
        self.directory = directory
        state = Mutex(State(files: files, views: try LoadedViews(files: files, in: directory)))
    }

    static func files(_ directory: String) -> [ViewFiles.File] {
        ViewFiles.list(directory, endings: [LoadedViews.templateEnding, LoadedViews.wordsEnding])
    }

    var last: LoadedViews { state.withLock { $0.views } }

    /// Files that do not load throw each time until they are mended.
    func current() throws(ViewError) -> LoadedViews {
        let files = Self.files(directory)
        let result: Result<LoadedViews, ViewError> = state.withLock { state in
            if files == state.files { return .success(state.views) }
            do throws(ViewError) {
                state.views = try LoadedViews(files: files, in: directory)
                state.files = files
                return .success(state.views)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
