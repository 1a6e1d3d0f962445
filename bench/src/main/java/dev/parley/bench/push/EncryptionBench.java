package dev.parley.bench.push;

import dev.parley.bench.Numbers;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import org.HdrHistogram.Histogram;

/** What it costs to encrypt a push for a browser: one thread, in this process. */
public final class EncryptionBench {
  private static final int TIMES = 5_000;
  /** As the dispatcher sends it of a message of 128 bytes: ids, numbers, a title and a body. */
  private static final int PAYLOAD_BYTES = 350;

  private EncryptionBench() {}

  /** Encrypts a text for some browser. */
  @FunctionalInterface
  public interface Encryption {
    byte[] encrypt(byte[] plain) throws GeneralSecurityException;
  }

  /**
   * What a run has shown.
   *
   * @param nanos of each encryption
   */
  public record Result(Histogram nanos) {
    /** One JSON object. */
    public String json() {
      return "{\"bench\": \"push encryption\", \"payloads\": " + nanos.getTotalCount()
          + ", \"bytes\": " + PAYLOAD_BYTES
          + ", \"mean_us\": " + Numbers.number(nanos.getMean() / 1_000)
          + ", \"p50_us\": " + Numbers.number(nanos.getValueAtPercentile(50) / 1_000.0)
          + ", \"p99_us\": " + Numbers.number(nanos.getValueAtPercentile(99) / 1_000.0) + "}";
    }

    /** A line for a person. */
    public String text() {
      return "encryption for a browser us  mean " + Numbers.number(nanos.getMean() / 1_000)
          + ", p50 " + Numbers.number(nanos.getValueAtPercentile(50) / 1_000.0)
          + ", p99 " + Numbers.number(nanos.getValueAtPercentile(99) / 1_000.0)
          + " (" + nanos.getTotalCount() + " payloads of " + PAYLOAD_BYTES + " bytes, one thread)";
    }
  }

  /** Encrypts 5,000 payloads after as many that warm up. */
  public static Result run(Encryption encryption, PrintStream progress) throws GeneralSecurityException {
    progress.println("push: encrypting for a browser");
    byte[] plain = "x".repeat(PAYLOAD_BYTES).getBytes(StandardCharsets.US_ASCII);
    measure(encryption, plain);
    return new Result(measure(encryption, plain));
  }

  private static Histogram measure(Encryption encryption, byte[] plain) throws GeneralSecurityException {
    Histogram nanos = new Histogram(3);
    for (int i = 0; i < TIMES; i++) {
      long began = System.nanoTime();
      int length = encryption.encrypt(plain).length;
      nanos.recordValue(System.nanoTime() - began);
      if (length <= plain.length) {
        throw new IllegalStateException("a text of " + length + " bytes is not encrypted");
      }
    }
    return nanos;
  }
}
