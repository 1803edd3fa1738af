package io.ecsclusterkit.hazelcast;

import com.hazelcast.config.InvalidConfigurationException;
import com.hazelcast.config.properties.PropertyDefinition;
import com.hazelcast.config.properties.PropertyTypeConverter;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

class EcsConfigTest {

    private static final String KEYS = "access-key=AK secret-key=SK region=r port=5701";
    private static final String LOGIN = "iam-domain=d iam-user=u iam-password=p region=r port=5701";
    private static final String METADATA = "instance-metadata-available=true port=5701";

    /** Reads "name=value name=value"; an underscore is a blank. */
    private static EcsConfig config(String text) {
        Map<String, String> properties = new HashMap<>();
        for (String part : text.split(" ")) {
            String[] pair = part.split("=", 2);
            properties.put(pair[0], pair[1].replace('_', ' '));
        }
        return EcsConfig.of(properties);
    }

    private static String failure(String text) {
        return assertThrows(InvalidConfigurationException.class, () -> config(text)).getMessage();
    }

    @Test
    void readsKeys() throws IOException {
        EcsConfig config = config(KEYS + " project-id=p instance-id=i tag-key=k instance-metadata-available=false");
        assertEquals(EcsConfig.Access.KEY, config.access());
        assertEquals("AK", config.accessKey());
        assertEquals("SK", config.secretKey().reveal());
        assertEquals(List.of("r"), config.regions());
        assertEquals(List.of("p"), config.projectIds());
        assertEquals("i", config.instanceId());
        assertEquals(List.of("k"), config.tagKeys());
        assertFalse(config.metadata());
    }

    @Test
    void readsALogin() {
        EcsConfig config = config(LOGIN);
        assertEquals(EcsConfig.Access.LOGIN, config.access());
        assertNull(config.accessKey());
    }

    @Test
    void readsMetadataMode() {
        EcsConfig config = config("instance-metadata-available=TRUE port=5701-5703");
        assertEquals(EcsConfig.Access.AGENCY, config.access());
        assertTrue(config.metadata());
        assertTrue(config.regions().isEmpty());
    }

    @Test
    void credentialsBesideMetadataAreUsed() {
        assertEquals(EcsConfig.Access.KEY, config(METADATA + " access-key=a secret-key=s").access());
        assertEquals(EcsConfig.Access.LOGIN, config(METADATA + " iam-domain=d iam-user=u iam-password=p").access());
    }

    @Test
    void hasDefaults() {
        EcsConfig config = config(METADATA);
        assertEquals(Duration.ofSeconds(3), config.connectTimeout());
        assertEquals(Duration.ofSeconds(10), config.readTimeout());
        assertEquals(Duration.ofSeconds(60), config.deadline());
        assertFalse(config.allowStandalone());
        assertEquals(URI.create("https://ecs.cn-north-4.myhuaweicloud.com"), config.endpoints().ecs("cn-north-4"));
        assertEquals(URI.create("https://iam.cn-north-4.myhuaweicloud.com"), config.endpoints().iam("cn-north-4"));
        assertEquals(URI.create("https://ecs.eu-west-101.myhuaweicloud.eu"), config.endpoints().ecs("eu-west-101"));
        assertEquals(URI.create("http://169.254.169.254"), config.endpoints().metadata());
    }

    @Test
    void readsTheOptionalProperties() {
        EcsConfig config = config(METADATA + " endpoint-ecs=http://10.1.1.1:8080/ endpoint-iam=https://iam.{region}.example.com "
                + "endpoint-metadata=http://127.0.0.1:81 connect-timeout-seconds=1 read-timeout-seconds=2 "
                + "discovery-deadline-seconds=5 allow-standalone=true network=10.0.0.0/8");
        assertEquals(URI.create("http://10.1.1.1:8080"), config.endpoints().ecs("x"));
        assertEquals(URI.create("https://iam.x.example.com"), config.endpoints().iam("x"));
        assertEquals(URI.create("http://127.0.0.1:81"), config.endpoints().metadata());
        assertEquals(Duration.ofSeconds(1), config.connectTimeout());
        assertEquals(Duration.ofSeconds(2), config.readTimeout());
        assertEquals(Duration.ofSeconds(5), config.deadline());
        assertTrue(config.allowStandalone());
        assertEquals("10.0.0.0/8", config.network().toString());
    }

    @Test
    void theLongestTimeIsAnHour() {
        assertEquals(Duration.ofHours(1), config(METADATA + " discovery-deadline-seconds=3600").deadline());
    }

    @Test
    void hazelcastKnowsEveryPropertyAsOptionalText() {
        Map<String, PropertyDefinition> definitions = EcsProperties.definitions().stream()
                .collect(Collectors.toMap(PropertyDefinition::key, definition -> definition));
        assertEquals(22, definitions.size());
        definitions.values().forEach(definition -> {
            assertTrue(definition.optional(), definition.key());
            assertEquals(PropertyTypeConverter.STRING, definition.typeConverter(), definition.key());
        });
    }

    @Test
    void blankMeansAbsent() {
        String blanks = Stream.of(EcsProperties.values()).map(property -> property.key() + "=_").collect(Collectors.joining(" "));
        EcsConfig config = config(blanks + " " + METADATA);
        assertEquals(EcsConfig.Access.AGENCY, config.access());
        assertNull(config.instanceId());
        assertEquals(Network.OWN, config.network());
    }

    @Test
    void listsPairUp() {
        EcsConfig config = config(KEYS.replace("region=r", "region=r1,_r2") + " project-id=p1,p2 tag-key=a,b tag-value=1,2");
        assertEquals(List.of("r1", "r2"), config.regions());
        assertEquals(List.of("p1", "p2"), config.projectIds());
        assertEquals(List.of("1", "2"), config.tagValues());
    }

    @Test
    void readsSecretsFromFilesAnewEachTime(@TempDir Path dir) throws IOException {
        Path file = dir.resolve("sk");
        Files.writeString(file, "first\n");
        EcsConfig config = config("access-key=AK region=r port=5701 secret-key-file=" + file);
        assertEquals("first", config.secretKey().reveal());
        Files.writeString(file, "second\n");
        assertEquals("second", config.secretKey().reveal());
        assertEquals("***", config.secretKey().toString());
        assertEquals(EcsConfig.Access.LOGIN, config("iam-domain=d iam-user=u region=r port=5701 iam-password-file=" + file).access());
    }

    @Test
    void aSecretFileThatCannotBeUsedIsAnError(@TempDir Path dir) throws IOException {
        Path empty = Files.createFile(dir.resolve("empty"));
        assertTrue(failure("access-key=AK region=r port=5701 secret-key-file=" + empty).contains("of secret-key-file is empty"));
        assertTrue(failure("access-key=AK region=r port=5701 secret-key-file=" + dir.resolve("none")).contains("cannot be read"));
    }

    static Stream<Arguments> contradictions() {
        return Stream.of(
                arguments("access-key=AK region=r port=5701", "access-key is given without secret-key (or secret-key-file)."),
                arguments("secret-key=SK region=r port=5701", "secret-key (or secret-key-file) is given without access-key."),
                arguments("iam-user=u iam-password=p region=r port=5701",
                        "iam-domain is missing: an IAM login needs iam-domain, iam-user and iam-password."),
                arguments("iam-domain=d iam-password=p region=r port=5701",
                        "iam-user is missing: an IAM login needs iam-domain, iam-user and iam-password."),
                arguments("iam-domain=d iam-user=u region=r port=5701", "iam-password (or iam-password-file) is missing: "
                        + "an IAM login needs iam-domain, iam-user and iam-password."),
                arguments(KEYS + " iam-domain=d", "iam-user is missing: an IAM login needs iam-domain, iam-user and iam-password."),
                arguments(KEYS + " iam-user=u", "iam-domain is missing: an IAM login needs iam-domain, iam-user and iam-password."),
                arguments(KEYS + " iam-password=p", "iam-domain is missing: an IAM login needs iam-domain, iam-user and iam-password."),
                arguments(KEYS + " " + LOGIN, "Give either access-key and secret-key or an IAM login, not both."),
                arguments(KEYS + " secret-key-file=/x", "Give either secret-key or secret-key-file, not both."),
                arguments(LOGIN + " iam-password-file=/x", "Give either iam-password or iam-password-file, not both."),
                arguments("region=r port=5701", "Nothing says how to ask ECS: give access-key and secret-key, or iam-domain, "
                        + "iam-user and iam-password, or instance-metadata-available=true."),
                arguments("access-key=AK secret-key=SK port=5701",
                        "region is missing: only with instance-metadata-available=true is it asked of the server."),
                arguments("access-key=AK secret-key=SK region=r",
                        "port is missing: give '5701', '5701-5703' or '5703' (5701 up to it)."),
                arguments(KEYS + " tag-value=v", "tag-value is given without tag-key."),
                arguments(KEYS + " tag-key=a,b tag-value=v",
                        "tag-key and tag-value pair up, but 2 key(s) and 1 value(s) are given."),
                arguments(KEYS + " tag-key=a,a", "tag-key names a key twice."),
                arguments(KEYS + " tag-key=a,", "tag-key 'a,' has an empty part: give values with one comma between them."),
                arguments(KEYS + " project-id=p1,p2", "region and project-id pair up, but 1 region(s) and 2 project id(s) are given."),
                arguments(METADATA + " project-id=p1,p2",
                        "region and project-id pair up, but 1 region(s) and 2 project id(s) are given."),
                arguments(METADATA.replace("true", "yes"), "instance-metadata-available 'yes' is neither true nor false."),
                arguments(METADATA + " allow-standalone=1", "allow-standalone '1' is neither true nor false."),
                arguments(METADATA + " read-timeout-seconds=0",
                        "read-timeout-seconds '0' is not a number of seconds from 1 to 3600."),
                arguments(METADATA + " connect-timeout-seconds=3s",
                        "connect-timeout-seconds '3s' is not a number of seconds from 1 to 3600."),
                arguments(METADATA + " discovery-deadline-seconds=3601",
                        "discovery-deadline-seconds '3601' is not a number of seconds from 1 to 3600."),
                arguments(METADATA + " endpoint-ecs=ecs.example.com",
                        "endpoint-ecs 'ecs.example.com' is not a URL like 'https://ecs.{region}.example.com'."),
                arguments(METADATA + " endpoint-iam=ftp://x", "endpoint-iam 'ftp://x' is not a URL like 'https://ecs.{region}.example.com'."),
                arguments(METADATA + " endpoint-ecs=https://user:word@ecs.example.com",
                        "endpoint-ecs 'https://user:word@ecs.example.com' is not a URL like 'https://ecs.{region}.example.com'."),
                arguments(METADATA + " network=10.999.0.0/16",
                        "network '10.999.0.0/16' is neither a CIDR like '10.0.0.0/16' nor the id of a VPC."),
                arguments(METADATA + " network=10.0.0.0/33",
                        "network '10.0.0.0/33' is neither a CIDR like '10.0.0.0/16' nor the id of a VPC."),
                arguments(METADATA + " network=10.0.0.1",
                        "network '10.0.0.1' is neither a CIDR like '10.0.0.0/16' nor the id of a VPC."));
    }

    @ParameterizedTest
    @MethodSource("contradictions")
    void eachContradictionIsOneSentence(String properties, String sentence) {
        assertEquals(sentence, failure(properties));
    }
}
