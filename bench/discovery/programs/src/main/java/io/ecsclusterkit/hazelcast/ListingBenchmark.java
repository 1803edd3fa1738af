package io.ecsclusterkit.hazelcast;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Listing the servers of a cluster beside fetching the same bytes and doing nothing with them. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 3)
public class ListingBenchmark {

    /** Where the canned region answers. */
    @Param("")
    String url;
    /** How many servers it lists. */
    @Param("1000")
    int servers;

    private final SteppedTime time = new SteppedTime();
    private final byte[] buffer = new byte[16 * 1024];
    private EcsDiscoveryStrategy strategy;
    private HttpClient http;
    private HttpRequest list;

    @Setup
    public void connect() {
        strategy = Bench.client(url, time);
        http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        list = HttpRequest.newBuilder(URI.create(url + "/v1/project-" + Bench.REGION + "/cloudservers/detail?limit=1000&status=ACTIVE")).build();
    }

    @TearDown
    public void disconnect() {
        strategy.destroy();
    }

    @Benchmark
    public int discoverNodes() {
        time.pass(Duration.ofMinutes(2));
        int found = Bench.count(strategy.discoverNodes());
        if (found != servers) {
            throw new IllegalStateException(found + " servers were found");
        }
        return found;
    }

    @Benchmark
    public long fetchTheBytes() throws IOException, InterruptedException {
        long bytes = 0;
        try (InputStream in = http.send(list, BodyHandlers.ofInputStream()).body()) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                bytes += n;
            }
        }
        return bytes;
    }
}
