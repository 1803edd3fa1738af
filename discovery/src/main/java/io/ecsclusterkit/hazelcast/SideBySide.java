package io.ecsclusterkit.hazelcast;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Puts one question to several sites at the same time. */
final class SideBySide {

    /** What is asked of each site. */
    interface Question<T> {
        T ask(Site site) throws CloudException;
    }

    /** What the sites answered, and the worst of what went wrong. */
    static final class Answers<T> {

        private final Map<Site, T> given = new LinkedHashMap<>();
        private CloudException failure;

        Map<Site, T> given() {
            return given;
        }

        /** The reason why some answers are missing, or null: a refusal before all else, because it stops everything. */
        CloudException failure() {
            return failure;
        }

        private void failed(CloudException e) {
            if (failure == null || e.kind() == CloudException.Kind.REFUSED) {
                failure = e;
            }
        }
    }

    private final ExecutorService threads;

    SideBySide(ExecutorService threads) {
        this.threads = threads;
    }

    <T> Answers<T> ask(Collection<Site> sites, Question<T> question, Deadline deadline) {
        Answers<T> answers = new Answers<>();
        if (sites.size() == 1) {
            Site site = sites.iterator().next();
            try {
                answers.given.put(site, question.ask(site));
            } catch (CloudException e) {
                answers.failed(e);
            }
            return answers;
        }
        List<Callable<T>> tasks = new ArrayList<>();
        sites.forEach(site -> tasks.add(() -> question.ask(site)));
        try {
            List<Future<T>> done = threads.invokeAll(tasks, deadline.left().toMillis(), TimeUnit.MILLISECONDS);
            int i = 0;
            for (Site site : sites) {
                collect(site, done.get(i++), answers);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            answers.failed(CloudException.trouble("asking the regions was interrupted"));
        }
        return answers;
    }

    private static <T> void collect(Site site, Future<T> future, Answers<T> answers) throws InterruptedException {
        try {
            answers.given.put(site, future.get());
        } catch (CancellationException e) {
            answers.failed(CloudException.trouble("the region " + site + " did not answer in time"));
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof CloudException)) {
                throw new IllegalStateException(e.getCause());
            }
            answers.failed((CloudException) e.getCause());
        }
    }
}
