package io.ecsclusterkit.probe;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Puts the questions to all members side by side, within one deadline, and makes the answer. */
final class Survey {

    private final Arguments arguments;
    private final List<MemberProbe> probes;
    private final String map = "ecs-cluster-probe-" + UUID.randomUUID();
    private final String value = UUID.randomUUID().toString();
    private final long start = System.nanoTime();
    /** The members that could be connected to in time. */
    private List<MemberProbe> asked = List.of();
    private final ExecutorService threads = Executors.newCachedThreadPool(work -> {
        Thread thread = new Thread(work, "probe");
        thread.setDaemon(true);
        return thread;
    });

    Survey(Arguments arguments) {
        this.arguments = arguments;
        this.probes = arguments.members().stream().map(MemberProbe::new).collect(Collectors.toUnmodifiableList());
    }

    /** Asks everything; never takes much longer than the timeout. */
    Map<String, Object> run() throws InterruptedException {
        // A member that accepts connections and says nothing must leave time to ask the others.
        Duration connecting = arguments.timeout().dividedBy(2);
        all(probes, connecting, probe -> () -> {
            probe.connect(arguments.clusterName(), connecting.toMillis());
            return null;
        });
        asked = probes.stream().filter(MemberProbe::connected).collect(Collectors.toUnmodifiableList());
        all(asked, left(), probe -> () -> {
            probe.write(map, value);
            return null;
        });
        List<Map<String, Object>> failures = failedPairs();
        List<MemberProbe> holders = oneOfEachCluster();
        Map<MemberProbe, Boolean> removed = all(holders, left(), probe -> () -> probe.destroy(map));
        boolean destroyed = !holders.isEmpty() && removed.size() == holders.size() && !removed.containsValue(false);
        Map<String, Object> answer = answer(failures, destroyed);
        all(asked, left(), probe -> () -> {
            probe.shutdown();
            return null;
        });
        return answer;
    }

    private Map<String, Object> answer(List<Map<String, Object>> failures, boolean destroyed) {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("cluster_name", arguments.clusterName());
        answer.put("members", probes.stream().map(this::member).collect(Collectors.toList()));
        answer.put("failed_pairs", failures);
        answer.put("map", map);
        answer.put("map_destroyed", destroyed);
        answer.put("seconds", TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start) / 1000.0);
        return answer;
    }

    private Map<String, Object> member(MemberProbe probe) {
        Map<String, Object> member = new LinkedHashMap<>();
        member.put("address", probe.address());
        member.put("connected", asked.contains(probe));
        member.put("error", asked.contains(probe) ? null : probe.error());
        member.put("sees", probe.sees());
        return member;
    }

    /** Every ordered pair of members: what was written through the first is read through the second. */
    private List<Map<String, Object>> failedPairs() throws InterruptedException {
        Map<MemberProbe, Map<MemberProbe, String>> wrong = all(asked, left(), reader -> () -> readAll(reader));
        List<Map<String, Object>> failures = new ArrayList<>();
        for (MemberProbe writer : probes) {
            for (MemberProbe reader : probes) {
                String why = writer == reader ? null : failure(writer, reader, wrong);
                if (why != null) {
                    Map<String, Object> failure = new LinkedHashMap<>();
                    failure.put("written_through", writer.address());
                    failure.put("read_through", reader.address());
                    failure.put("error", why);
                    failures.add(failure);
                }
            }
        }
        return failures;
    }

    private Map<MemberProbe, String> readAll(MemberProbe reader) {
        Map<MemberProbe, String> wrong = new LinkedHashMap<>();
        for (MemberProbe writer : asked) {
            if (writer != reader && writer.writeError() == null) {
                wrong.put(writer, reader.read(map, writer, value));
            }
        }
        return wrong;
    }

    private String failure(MemberProbe writer, MemberProbe reader, Map<MemberProbe, Map<MemberProbe, String>> wrong) {
        if (!asked.contains(writer)) {
            return "could not be written: " + writer.error();
        }
        if (writer.writeError() != null) {
            return "could not be written: " + writer.writeError();
        }
        if (!asked.contains(reader)) {
            return "could not be read: " + reader.error();
        }
        Map<MemberProbe, String> answers = wrong.get(reader);
        return answers == null || !answers.containsKey(writer) ? "could not be read in time" : answers.get(writer);
    }

    /** Members that are in several clusters hold several maps of the same name. */
    private List<MemberProbe> oneOfEachCluster() {
        Set<Set<Object>> seen = new HashSet<>();
        return asked.stream().filter(probe -> seen.add(probe.sees().stream().map(member -> member.get("uuid"))
                .collect(Collectors.toSet()))).collect(Collectors.toList());
    }

    private interface Task<T> {
        Callable<T> of(MemberProbe probe);
    }

    /** Runs one task for each probe side by side; those that do not end well and in time are left out. */
    private <T> Map<MemberProbe, T> all(List<MemberProbe> targets, Duration limit, Task<T> task) throws InterruptedException {
        List<Callable<T>> work = targets.stream().map(task::of).collect(Collectors.toList());
        List<Future<T>> done = work.isEmpty() ? Collections.emptyList()
                : threads.invokeAll(work, Math.max(1, limit.toMillis()), TimeUnit.MILLISECONDS);
        Map<MemberProbe, T> results = new LinkedHashMap<>();
        for (int i = 0; i < done.size(); i++) {
            try {
                results.put(targets.get(i), done.get(i).get());
            } catch (CancellationException | ExecutionException e) {
                // Left out: whoever looks for the result says that it is missing.
            }
        }
        return results;
    }

    private Duration left() {
        return arguments.timeout().minusNanos(System.nanoTime() - start);
    }
}
